int part(void)
{
    return sizeof(__FILE__);
}
