int deflateInit_(void);

int main(void)
{
    return deflateInit_();
}
