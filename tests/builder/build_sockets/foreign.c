/* As objects made with other headers are. */
int socket(int, int, int);

int main(void)
{
    return socket(2, 1, 0) < 0;
}
